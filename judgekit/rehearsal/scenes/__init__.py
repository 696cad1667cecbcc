"""What is rehearsed: one file a scene, each of which makes a data set with plants and innocents."""
