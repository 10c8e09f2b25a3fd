CREATE INDEX events_by_date ON events (date);
CREATE INDEX events_by_year ON events (year, story_id);
CREATE INDEX events_by_story ON events (story_id, date);
CREATE INDEX events_by_heading ON events (heading);
CREATE INDEX sources_by_name ON sources (name);
CREATE INDEX links_by_related ON links (related_id);
CREATE INDEX links_by_label ON links (label);
CREATE INDEX copies_by_copy ON copies (copy_id);
CREATE INDEX topics_by_events ON topics (n_events);
CREATE INDEX topics_by_kind ON topics (kind, n_events);
CREATE INDEX event_topics_by_topic ON event_topics (topic);
INSERT INTO topic_years
  SELECT event_topics.topic, events.year, count(*)
  FROM event_topics JOIN events ON events.id = event_topics.event_id
  WHERE events.year IS NOT NULL GROUP BY event_topics.topic, events.year;
CREATE INDEX topic_years_by_events ON topic_years (n_events);
CREATE INDEX topic_years_by_year ON topic_years (year, n_events);
CREATE INDEX stories_by_last_day ON stories (last_day);
INSERT INTO events_fts (events_fts) VALUES ('rebuild');
INSERT INTO events_fts (events_fts) VALUES ('optimize');
ANALYZE;
