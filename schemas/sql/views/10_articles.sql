-- What was published: articles, the outcome of every page, and dead letters.

create or replace view wiretrace.articles as
select a.article_id, a.url, a.canonical_url, a.site, a.title, a.byline, a.published_at, a.first_seen_at, a.language,
       a.word_count, a.text, m.cluster_id, coalesce(m.is_origin, false) as is_origin, a.credit_agency, a.source_link_url,
       a.published_certainty, a.published_source, a.modified_at, a.last_seen_at, a.section, a.site_name, a.authors,
       a.organisations, a.version, a.extractor
from core.articles a
left join core.memberships m using (article_id);

comment on view wiretrace.articles is 'Every article, in the newest version of its text that was seen.';
comment on column wiretrace.articles.article_id is 'Stable identity of the article.';
comment on column wiretrace.articles.url is 'The URL at which the text was fetched, after redirects.';
comment on column wiretrace.articles.canonical_url is 'What the page names as its canonical URL, on this site or another.';
comment on column wiretrace.articles.site is 'The publisher: a registrable domain.';
comment on column wiretrace.articles.title is 'The headline.';
comment on column wiretrace.articles.byline is 'The byline as it stands on the page.';
comment on column wiretrace.articles.published_at is 'When the site says that it published the article; null where nothing tells.';
comment on column wiretrace.articles.first_seen_at is 'When the article was first fetched.';
comment on column wiretrace.articles.language is 'ISO 639-1 code of the text''s language.';
comment on column wiretrace.articles.word_count is 'Number of words of the text.';
comment on column wiretrace.articles.text is 'The text of the story, paragraphs separated by newlines.';
comment on column wiretrace.articles.cluster_id is 'The story that the article tells; equal for exactly the articles of one story, null where there is no copy.';
comment on column wiretrace.articles.is_origin is 'Whether this article is the origin of its cluster.';
comment on column wiretrace.articles.credit_agency is 'The news agency that the page credits, by its short name (ap, reuters, dpa …).';
comment on column wiretrace.articles.source_link_url is 'Target of the "Source link" at the end of the page.';
comment on column wiretrace.articles.published_certainty is 'exact, no_zone (clock time without zone), date_only, hint (from the feed) or guessed.';
comment on column wiretrace.articles.published_source is 'Which part of the page gave the published time.';
comment on column wiretrace.articles.modified_at is 'When the site says that it last changed the article.';
comment on column wiretrace.articles.last_seen_at is 'When the article was last fetched.';
comment on column wiretrace.articles.section is 'The section that the page names.';
comment on column wiretrace.articles.site_name is 'The name that the site gives itself.';
comment on column wiretrace.articles.authors is 'The people named as authors.';
comment on column wiretrace.articles.organisations is 'The organisations named as authors: agencies, desks, the site itself.';
comment on column wiretrace.articles.version is 'Counts the texts that this URL has shown, from 1.';
comment on column wiretrace.articles.extractor is 'Name and version of what extracted the text.';

create or replace view wiretrace.outcomes as
select p.page_id, p.url, p.site, p.crawl_id, p.found_by, p.fetched_at, p.published_at, p.outcome, p.reason,
       p.article_id, p.worked_at
from core.pages p;

comment on view wiretrace.outcomes is 'Every page that was published to the workers, with its one outcome; outcome is null while it waits.';
comment on column wiretrace.outcomes.page_id is 'Identity of this fetch of the page.';
comment on column wiretrace.outcomes.url is 'The URL as it was found; the article has the one that answered.';
comment on column wiretrace.outcomes.site is 'The publisher: a registrable domain.';
comment on column wiretrace.outcomes.crawl_id is 'The run that fetched the page.';
comment on column wiretrace.outcomes.found_by is 'How the URL was found: seed, feed, sitemap, listing, article (a link on another story), backfill, source_link, canonical, ingest.';
comment on column wiretrace.outcomes.fetched_at is 'When the page was fetched.';
comment on column wiretrace.outcomes.published_at is 'When the page was put on the topic.';
comment on column wiretrace.outcomes.outcome is 'How the work on the page ended: article, updated, unchanged, not_article, not_html, empty, too_large, extract_timeout, extract_failed, dead_letter.';
comment on column wiretrace.outcomes.reason is 'Why, where the outcome is not an article.';
comment on column wiretrace.outcomes.article_id is 'The article that the page shows, if any.';
comment on column wiretrace.outcomes.worked_at is 'When a worker was done with the page.';

create or replace view wiretrace.dead_letters as
select dead_letter_id, topic, partition, "offset", page_id, url, size_bytes, stage, reason, worker, failed_at, replayed_at
from core.dead_letters;

comment on view wiretrace.dead_letters is 'Messages that could not be worked; their bytes are on the dead-letter topic. See: wiretrace dlq.';
comment on column wiretrace.dead_letters.dead_letter_id is 'Identity of the dead letter.';
comment on column wiretrace.dead_letters.topic is 'The topic on which the message came.';
comment on column wiretrace.dead_letters.partition is 'Its partition.';
comment on column wiretrace.dead_letters."offset" is 'Its offset in the partition.';
comment on column wiretrace.dead_letters.page_id is 'The page, where the message could be decoded.';
comment on column wiretrace.dead_letters.url is 'Its URL, where the message could be decoded.';
comment on column wiretrace.dead_letters.size_bytes is 'Size of the message.';
comment on column wiretrace.dead_letters.stage is 'The stage that failed: decode or work.';
comment on column wiretrace.dead_letters.reason is 'What failed.';
comment on column wiretrace.dead_letters.worker is 'The worker that gave up on it.';
comment on column wiretrace.dead_letters.failed_at is 'When.';
comment on column wiretrace.dead_letters.replayed_at is 'When it was put back on its topic, if ever.';
