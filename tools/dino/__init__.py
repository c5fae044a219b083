"""What trains and measures the small vision transformers of the chapter on DINO."""
