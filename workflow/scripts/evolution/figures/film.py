"""Writing a film: as GIF, which every viewer plays, and as MP4, which is smooth."""

import io
import logging
from collections.abc import Iterable

import imageio_ffmpeg
import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from evolution.io.whole_files import whole_file

log = logging.getLogger("evolution")

LAST_FRAME_MS = 2000

FRAME_MS = (20, 655_350)  # browsers slow down what is faster, GIF has no room for more

# One thread, as the rule has; bitexact leaves out what names the encoder's version.
X264 = [
    *("-crf", "20", "-preset", "veryfast", "-threads", "1", "-movflags", "+faststart"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
]


def ease(share: float) -> float:
    """From 0 to 1, slow at both ends (Hermite's smoothstep)."""
    return share * share * (3 - 2 * share)


def film_palette(colors: list[str]) -> Image.Image:
    """The one palette of all frames: greys for text, and each colour in steps towards white, for the edges of dots.

    Chosen for the film and not from a frame, so that a class has exactly its colour in every frame.
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
    """A GIF of so many frames a second, in whole hundredths of a second each; the last one stays."""
    duration = int(np.clip(10 * round(100 / rate), *FRAME_MS))
    durations = [duration] * (len(frames) - 1) + [LAST_FRAME_MS]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return buffer.getvalue()


def write_gif(path: str, frames: list[Image.Image], rate: float, tween: int, most_bytes: float) -> None:
    """Write a GIF that is not too large: with fewer frames between the snapshots where all would be too many.

    Parameters
    ----------
    path : path to write
    frames : list of Image
        The first of every `tween` is a snapshot.
    rate : float
        Frames a second, if all are taken.
    tween : int
    most_bytes : float
        With snapshots alone it may still be more.
    """
    steps = [step for step in range(1, tween + 1) if tween % step == 0]
    # What would play faster than viewers can is too many as well.
    steps = [step for step in steps if step == tween or 1000 * step / rate >= FRAME_MS[0]]
    for step in steps:
        content = gif_bytes(frames[::step], rate / step)
        log.info("GIF of %d frames, %.2f MB", len(frames[::step]), len(content) / 1e6)
        if len(content) <= most_bytes:
            break
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_mp4(path: str, frames: Iterable[np.ndarray], shape: tuple[int, int], rate: float) -> None:
    """Write frames, uint8 (height, width, 4), as H.264; the last one stays.

    Parameters
    ----------
    path : path to write
    frames : iterable of arrays
    shape : (height, width)
        Of each frame; an odd one gets a white row or column, as H.264 wants even sizes.
    rate : float
        Frames a second.
    """
    height, width = shape
    padded = np.full((height + height % 2, width + width % 2, 4), 255, np.uint8)
    with whole_file(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            temporary,
            padded.shape[1::-1],
            # As matplotlib has them: to drop what is opaque everywhere would take as long as to encode.
            pix_fmt_in="rgba",
            fps=rate,
            codec="libx264",
            quality=None,
            macro_block_size=1,
            output_params=X264,
        )
        writer.send(None)
        for frame in frames:
            padded[:height, :width] = frame
            writer.send(padded)
        for _ in range(round(LAST_FRAME_MS / 1000 * rate)):
            writer.send(padded)
        writer.close()
