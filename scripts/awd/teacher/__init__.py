"""Networks: built, trained, brought, asked for outputs and gradients."""
