-- What every integration is bound to (#room, @user, all_…), to find those of a channel without
-- reading every document.
CREATE TABLE integration_channels (
    integration_seq BIGINT NOT NULL,
    channel         TEXT   NOT NULL,
    PRIMARY KEY (integration_seq, channel)
);
CREATE INDEX integration_channels_by_channel ON integration_channels (channel, integration_seq);
INSERT INTO integration_channels (integration_seq, channel)
    SELECT DISTINCT i.seq, c.value FROM integrations i, json_each(i.doc, '$.channel') c
    WHERE c.type = 'text';
