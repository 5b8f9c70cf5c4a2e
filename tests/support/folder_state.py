"""Whether anything in a folder was touched."""


def state(folder):
    """Every file and folder under `folder`, with what would show that it was touched."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size, path.is_file() and path.read_bytes())
        for path in [folder, *sorted(folder.rglob("*"))]
    }
