-- Legal moves of a job, the same table as JobState::may_become in the code (I-04).
CREATE TRIGGER IF NOT EXISTS jobs_legal_moves BEFORE UPDATE ON jobs FOR EACH ROW
IF NEW.state <> OLD.state AND CONCAT(OLD.state, '>', NEW.state) NOT IN (
  'queued>started', 'queued>cancelled', 'queued>failed',
  'started>queued', 'started>retrying', 'started>finished', 'started>failed', 'started>cancelled',
  'retrying>started', 'retrying>queued', 'retrying>failed', 'retrying>cancelled',
  'failed>queued', 'cancelled>queued'
) THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'illegal job state change';
END IF;
