-- The pages of a batch that have their outcome already: they were delivered again after the last commit.
select page_id, outcome, reason, article_id
from core.pages
where page_id = any(%(page_ids)s) and outcome is not null;
