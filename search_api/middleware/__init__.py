"""What every request passes on its way to the routes, and every answer on its way back."""
