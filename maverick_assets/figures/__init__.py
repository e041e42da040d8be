"""What evaluations measure: the figures that manifests, gates and reports hold (no torch)."""
