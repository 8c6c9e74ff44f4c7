select article_a, article_b from core.matches where kind = 'copy'
