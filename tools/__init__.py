"""Scripts that make what the book ships: data, trained weights, studies, stored notebooks."""
