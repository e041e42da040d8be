"""Names at the door of serving: surrogates on the way in, real ones on the way out."""
