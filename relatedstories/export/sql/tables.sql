-- One event of the archive.
CREATE TABLE events (
  id TEXT PRIMARY KEY NOT NULL,
  date TEXT, -- YYYY-MM-DD
  year INTEGER,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  topics TEXT NOT NULL, -- their names, a list as JSON
  story_id TEXT REFERENCES stories (id),
  key_event INTEGER NOT NULL, -- 1 if it is a key event of its story
  heading TEXT,
  language TEXT NOT NULL,
  url TEXT,
  translation_key TEXT,
  extra TEXT -- values of the archive's own, an object as JSON
);

-- A source that an event names.
CREATE TABLE sources (
  event_id TEXT NOT NULL REFERENCES events (id),
  place INTEGER NOT NULL, -- in the event's list, from 1
  name TEXT NOT NULL,
  url TEXT,
  PRIMARY KEY (event_id, place)
) WITHOUT ROWID;

-- A link: a related event under an event.
CREATE TABLE links (
  event_id TEXT NOT NULL REFERENCES events (id),
  rank INTEGER NOT NULL, -- from 1
  related_id TEXT NOT NULL REFERENCES events (id),
  score REAL NOT NULL, -- from 0 to 1
  label TEXT, -- the contexts as readers see them
  contexts TEXT NOT NULL, -- the one or two topics that explain the link best, a list as JSON
  topics TEXT NOT NULL, -- all that both events have, a list as JSON
  duplicates TEXT, -- ids of near-duplicates of the related event, a list as JSON
  pinned INTEGER NOT NULL, -- 1 if an editor put it into the list
  fallback TEXT, -- topic or recent if it only fills the list
  PRIMARY KEY (event_id, rank)
) WITHOUT ROWID;

-- An event that tells the same as another one in the same words, so that it is no link of it.
CREATE TABLE copies (
  event_id TEXT NOT NULL REFERENCES events (id),
  place INTEGER NOT NULL,
  copy_id TEXT NOT NULL REFERENCES events (id),
  PRIMARY KEY (event_id, place)
) WITHOUT ROWID;

CREATE TABLE topics (
  name TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL, -- person, place and so on
  n_events INTEGER NOT NULL
) WITHOUT ROWID;

-- A topic that an event has, with the kind of the one and the year of the other, so that facets need no other table.
CREATE TABLE event_topics (
  event_id TEXT NOT NULL REFERENCES events (id),
  place INTEGER NOT NULL, -- in the event's list, from 1
  topic TEXT NOT NULL REFERENCES topics (name),
  kind TEXT NOT NULL,
  year INTEGER,
  PRIMARY KEY (event_id, place)
) WITHOUT ROWID;

-- How many events of a year have a topic.
CREATE TABLE topic_years (
  topic TEXT NOT NULL REFERENCES topics (name),
  year INTEGER NOT NULL,
  n_events INTEGER NOT NULL,
  PRIMARY KEY (topic, year)
) WITHOUT ROWID;

-- Events that tell one continuing story.
CREATE TABLE stories (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  first_day TEXT,
  last_day TEXT,
  n_events INTEGER NOT NULL,
  topics TEXT NOT NULL -- those that set it apart, the most telling first, a list as JSON
) WITHOUT ROWID;

CREATE VIRTUAL TABLE events_fts USING fts5 (
  title, text, topics, content="events", tokenize='unicode61 remove_diacritics 2'
);

CREATE VIEW related AS
  SELECT links.event_id, a.date, a.title, links.rank, links.related_id, b.date AS related_date, b.title AS related_title,
    links.score, links.label, a.story_id IS NOT NULL AND a.story_id IS b.story_id AS same_story
  FROM links JOIN events AS a ON a.id = links.event_id JOIN events AS b ON b.id = links.related_id;

CREATE VIEW story_events AS
  SELECT stories.id AS story_id, stories.name AS story, events.date, events.id AS event_id, events.title, events.key_event
  FROM events JOIN stories ON stories.id = events.story_id;

CREATE VIEW topic_events AS
  SELECT event_topics.topic, event_topics.kind, events.date, events.year, events.id AS event_id, events.title
  FROM event_topics JOIN events ON events.id = event_topics.event_id;

CREATE VIEW years AS
  SELECT year, count(*) AS n_events, count(DISTINCT story_id) AS n_stories, sum(story_id IS NULL) AS n_without_story
  FROM events GROUP BY year;
