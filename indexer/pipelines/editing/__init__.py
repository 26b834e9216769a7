"""Make new images from indexed ones, and index them with what they were made of."""
