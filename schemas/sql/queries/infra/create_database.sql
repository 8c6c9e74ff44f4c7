-- A database; the name is put in as an identifier.
create database {}
