//! Nothing: this package has dependencies, so that cargo fetches them.
