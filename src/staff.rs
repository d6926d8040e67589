//! What city staff do at their desk: prepare loans and papers.
