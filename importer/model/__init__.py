"""The records that the stages hand on."""
