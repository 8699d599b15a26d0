"""Trains, quantises and measures Weir's embedded model family: MobileNetV1 on shelf-camera scenes."""

RECIPE_VERSION = "1"
