"""The times of a training that lie on disk."""

from dataclasses import asdict

from evolution.errors import ConfigError
from evolution.sources.stored_times import Listing, NothingStoredError, StoredTime


def test_a_time_goes_through_the_params_of_a_job_and_through_a_record():
    time = StoredTime(100, "rec/100", "0123", 2.5)
    assert StoredTime(**asdict(time)) == time and StoredTime(1, "a.pt", "4").other_time is None


def test_a_listing_has_left_nothing_out_by_itself():
    listing = Listing("step", {})
    assert (listing.notes, listing.unusable) == ([], frozenset())


def test_that_nothing_is_there_is_a_fault_of_the_config():
    assert issubclass(NothingStoredError, ConfigError)
