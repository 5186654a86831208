//! An async runtime cut to the program at compile time.
