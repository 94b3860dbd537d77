"""Canonical artifacts of a study: tables, manifest, mirror and bundle."""
