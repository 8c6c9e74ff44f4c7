-- Which of these pages have their outcome already.
select page_id from core.pages where page_id = any(%(page_ids)s::uuid[]) and outcome is not null
