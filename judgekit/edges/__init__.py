"""Edge cases: where a judge fails people, and which items to send to them."""
