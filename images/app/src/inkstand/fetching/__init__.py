"""What data screens show, fetched from where other people write it."""
