"""What can be done to a bill in Light, a module each; ``importer.loading.engine`` runs them."""
