"""What tests share: small data, small runs, and checks that several test files make."""
