"""Writing a film: as GIF, which every viewer plays, and as MP4, which is smooth."""

import io
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from evolution.figures.style import FigureStyle
from evolution.io.whole_files import whole_file

log = logging.getLogger("evolution")

LAST_FRAME_MS = 2000

FRAME_MS = (20, 655_350)  # browsers play shorter frames slowly, and GIF cannot store longer ones

# One thread, because the rule asks for one core; bitexact leaves the encoder's version out of the file.
X264 = [
    *("-crf", "20", "-preset", "veryfast", "-threads", "1", "-movflags", "+faststart"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
]


@dataclass(frozen=True)
class FilmSettings:
    """What the config says about how a film is drawn and written.

    Attributes
    ----------
    style : FigureStyle
    fps : float
        Snapshots a second.
    tween : int
        Frames from one snapshot to the next; 1 shows the snapshots alone.
    gif_megabytes : float
        The largest size of the GIF; it shows fewer frames between snapshots where it would be larger.
    """

    style: FigureStyle
    fps: float
    tween: int
    gif_megabytes: float


@dataclass(frozen=True)
class Film:
    """A film that is not written yet.

    Attributes
    ----------
    frames : iterator of uint8 arrays (height, width, 4)
        Red, green, blue and opacity, which is full. Each is drawn when it is asked for, into the same buffer. The first
        of every `FilmSettings.tween` is a snapshot.
    shape : (height, width)
    colors : list of str
        The colours of the dots.
    """

    frames: Iterator[np.ndarray]
    shape: tuple[int, int]
    colors: list[str]


def ease(share: float) -> float:
    """From 0 to 1, slow at both ends (Hermite's smoothstep)."""
    return share * share * (3 - 2 * share)


def film_palette(colors: list[str]) -> Image.Image:
    """The one palette of all frames: greys for text, and each colour in steps towards white, for the edges of dots.

    A palette chosen from the frames would change the classes' colours.
    """
    greys = np.linspace(0, 1, 32)[:, None] * np.ones(3)
    steps = max(1, min(8, (255 - len(greys)) // len(colors)))
    white = np.linspace(0, 1, steps, endpoint=False)[:, None]
    entries = [white + (1 - white) * np.array(to_rgb(color)) for color in colors]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.rint(255 * np.concatenate([greys, *entries])).astype(np.uint8)[:255].tobytes())
    return palette


def paletted(pixels: np.ndarray, palette: Image.Image) -> Image.Image:
    """A frame, uint8 (height, width, 4), in the palette's colours."""
    return Image.fromarray(pixels).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)


def gif_bytes(frames: list[Image.Image], rate: float) -> bytes:
    """A GIF of `rate` frames a second, rounded to whole hundredths of a second each; the last frame stays."""
    duration = int(np.clip(10 * round(100 / rate), *FRAME_MS))
    durations = [duration] * (len(frames) - 1) + [LAST_FRAME_MS]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return buffer.getvalue()


def write_gif(path: str, frames: list[Image.Image], rate: float, tween: int, most_bytes: float) -> None:
    """Write a GIF of at most `most_bytes`, with fewer frames between the snapshots where it would be larger.

    Parameters
    ----------
    path : path to write
    frames : list of Image
        The first of every `tween` is a snapshot.
    rate : float
        Frames a second, if all are taken.
    tween : int
    most_bytes : float
        A GIF of the snapshots alone is written even if it is larger.
    """
    steps = [step for step in range(1, tween + 1) if tween % step == 0]
    # Viewers would play shorter frames slowly.
    steps = [step for step in steps if step == tween or 1000 * step / rate >= FRAME_MS[0]]
    for step in steps:
        content = gif_bytes(frames[::step], rate / step)
        log.info("GIF of %d frames, %.2f MB", len(frames[::step]), len(content) / 1e6)
        if len(content) <= most_bytes:
            break
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_mp4(path: str, frames: Iterable[np.ndarray], shape: tuple[int, int], rate: float) -> None:
    """Write frames as H.264; the last one stays.

    Parameters
    ----------
    path : path to write
    frames : iterable of uint8 arrays (height, width, 4)
    shape : (height, width)
        Of each frame. An odd height gets a white row, an odd width a white column, because H.264 needs even sizes.
    rate : float
        Frames a second.

    Raises
    ------
    evolution.errors.UserError
        If ffmpeg could not write the whole film.
    """
    height, width = shape
    padded = np.full((height + height % 2, width + width % 2, 4), 255, np.uint8)
    with whole_file(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            temporary,
            padded.shape[1::-1],
            # With opacity, as matplotlib draws: dropping it would take as long as encoding.
            pix_fmt_in="rgba",
            fps=rate,
            codec="libx264",
            quality=None,
            macro_block_size=1,
            output_params=X264,
        )
        writer.send(None)
        sent = 0
        for frame in frames:
            padded[:height, :width] = frame
            writer.send(padded)
            sent += 1
        for _ in range(round(LAST_FRAME_MS / 1000 * rate)):
            writer.send(padded)
            sent += 1
        writer.close()
        # The writer does not tell how ffmpeg ended.
        if frames_in(temporary) != sent:
            raise OSError("ffmpeg could not finish it")


def frames_in(path: str | Path) -> int:
    """The frames that a film holds as ffmpeg reads it; 0 where it cannot."""
    try:
        return imageio_ffmpeg.count_frames_and_secs(str(path))[0]
    except RuntimeError:
        return 0


def write_film(film: Film, settings: FilmSettings, *, gif: str, mp4: str) -> None:
    """Draw a film and write it as GIF and MP4.

    Parameters
    ----------
    film : Film
    settings : FilmSettings
    gif, mp4 : paths to write
    """
    palette = film_palette(film.colors)
    kept = []

    def frames() -> Iterator[np.ndarray]:
        for pixels in film.frames:
            kept.append(paletted(pixels, palette))
            yield pixels

    rate = settings.fps * settings.tween
    began = time.perf_counter()
    write_mp4(mp4, frames(), film.shape, rate)
    log.info("%d frames drawn and MP4 written in %.1f s", len(kept), time.perf_counter() - began)
    write_gif(gif, kept, rate, settings.tween, settings.gif_megabytes * 1e6)
