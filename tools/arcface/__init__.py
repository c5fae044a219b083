"""What trains and measures the small networks of the chapter on margin losses."""
