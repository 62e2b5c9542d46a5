package wechattest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// journal is an append-only file of JSON lines, one line a commit. A nil file
// keeps nothing.
type journal struct {
	file   *os.File
	failed error // after a write that may have left half a line behind
}

const journalName = "wechattest.journal"

// line is one commit: all of its records happened, or none.
type line struct {
	Put []record `json:"put"`
}

// openJournal replays the journal of dir into s. A last line that was cut by a
// crash never happened and is removed; damage anywhere else is an error.
func openJournal(dir string, s *state) (*journal, error) {
	if dir == "" {
		return &journal{}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("wechattest: Config.Dir: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("wechattest: Config.Dir: %w", err)
	}
	whole, err := replay(f, s)
	if err == nil {
		err = trim(f, whole)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &journal{file: f}, nil
}

// replay installs every whole line and returns where they end.
func replay(r io.Reader, s *state) (whole int64, err error) {
	b := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		text, err := b.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil // text, if any, is a torn line
		}
		if err != nil {
			return whole, fmt.Errorf("wechattest: reading the journal: %w", err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			if _, peek := b.Peek(1); errors.Is(peek, io.EOF) {
				return whole, nil // blocks of a torn line can reach the disk out of order
			}
			return whole, fmt.Errorf("wechattest: journal line %d is damaged; move %s away to start anew", n, journalName)
		}
		for _, r := range l.Put {
			s.install(r)
		}
		whole += int64(len(text))
	}
}

func trim(f *os.File, whole int64) error {
	if err := f.Truncate(whole); err != nil {
		return fmt.Errorf("wechattest: removing a torn line from the journal: %w", err)
	}
	if _, err := f.Seek(whole, io.SeekStart); err != nil {
		return fmt.Errorf("wechattest: opening the journal: %w", err)
	}
	return nil
}

// write appends one line. After a failed write nothing more is accepted, because
// what is on disk is no longer known.
func (j *journal) write(records []record, sync bool) error {
	if j.file == nil {
		return nil
	}
	if j.failed != nil {
		return j.failed
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(line{records}); err != nil {
		return fmt.Errorf("wechattest: writing the journal: %w", err)
	}
	_, err := j.file.Write(b.Bytes())
	if err == nil && sync {
		err = j.file.Sync()
	}
	if err != nil {
		j.failed = fmt.Errorf("wechattest: writing the journal: %w", err)
	}
	return j.failed
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file, j.failed = nil, errClosed
	return err
}
