analyze core.sketches, core.articles, core.memberships, core.matches
