"""Compiled loops of the tracker."""
