"""Finding the copies: words, sketch, candidates, verification, clusters, origin."""
