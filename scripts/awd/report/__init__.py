"""Tables, figures and the page that a run ends with."""
