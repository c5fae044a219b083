"""The book's colours."""

# Okabe and Ito's palette, told apart with every common form of colour blindness; black comes with the axes.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"
PALE = "#e8eef4"  # what is there and is not meant
