"""What only touches the page: labs, figures, the common set-up of a chapter."""
