"""What two or more chapters build on."""
