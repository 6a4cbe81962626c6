"""The base class of all layers, in four rooms: members, weights, the call protocol, the class."""
