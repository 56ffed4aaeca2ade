//! Vectors: to be written.
