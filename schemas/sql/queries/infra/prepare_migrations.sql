-- Where the migration tool keeps its own tables: out of sight of the public schema.
create schema if not exists core;
set search_path to core, public;
