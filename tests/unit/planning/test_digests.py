"""A file's digest is that of its content."""

from evolution.planning.digests import file_digest


def test_a_digest_is_sha_256_of_the_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1.
    assert file_digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(str(path)) == file_digest(path)
    path.write_bytes(b"")
    assert file_digest(path).startswith("e3b0c44298fc1c149afbf4c8996fb924")
