"""What people read: plain lines of text made from plans and results. Whoever calls prints them."""
