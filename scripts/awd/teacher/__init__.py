"""Networks: built, trained or brought, and their outputs and gradients."""
