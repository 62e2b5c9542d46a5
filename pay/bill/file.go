package bill

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/wxcommerce/wechat"
)

// Causes of a refused bill. None leaves a file behind.
var (
	// ErrDigest is a file that is not the one the signed answer promised.
	ErrDigest = errors.New("bill: the digest differs from the one in the signed answer: the download is damaged or forged; ask for it again")
	// ErrPacked is a gzip file that does not unpack to exactly one text.
	ErrPacked = errors.New("bill: the gzip stream is damaged, cut, or followed by something else")
	// ErrTooLarge is a bill beyond the bound.
	ErrTooLarge = errors.New("bill: larger than WithMaxSize allows")
	// ErrHash is a digest this library does not know.
	ErrHash = errors.New("bill: unknown hash_type, want SHA1")
)

// File is a proved bill on disk. It is removed by Close and read by one goroutine
// at a time.
type File struct {
	f    *os.File
	size int64
}

// Download fetches the bill of t into a spool file and proves it; see the package
// comment. Cut, damaged, oversized and foreign files are errors and leave nothing.
//
// 下载账单
func (s *Service) Download(ctx context.Context, t *Ticket) (*File, error) {
	if t == nil {
		return nil, wechat.Invalid("download_url", "no ticket; ask with Trade or FundFlow")
	}
	if !strings.EqualFold(t.HashType, "SHA1") {
		return nil, ErrHash
	}
	body, err := wechat.Download(ctx, s.m, t.DownloadURL)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return s.spool(body, t)
}

// SaveTo is Download into a file of that name, which appears whole and proved, or
// not at all. An existing file is replaced.
func (s *Service) SaveTo(ctx context.Context, t *Ticket, name string) error {
	beside := *s
	beside.dir = filepath.Dir(name)
	file, err := beside.Download(ctx, t)
	if err != nil {
		return err
	}
	defer file.Close() // after the rename there is nothing left to remove
	if err := file.f.Sync(); err != nil {
		return fmt.Errorf("bill: keeping the file: %w", err)
	}
	if err := os.Rename(file.f.Name(), name); err != nil {
		return fmt.Errorf("bill: keeping the file: %w", err)
	}
	return nil
}

// spool keeps body and proves it by the ticket's digest.
func (s *Service) spool(body io.Reader, t *Ticket) (*File, error) {
	h := sha1.New()
	file, err := s.keep(body, t.packed, h)
	if err == nil && !strings.EqualFold(hex.EncodeToString(h.Sum(nil)), t.HashValue) {
		return nil, errors.Join(ErrDigest, file.Close())
	}
	return file, err
}

// Spool keeps a bill that came another way, unpacked if it is packed, in a file that
// is whole or not there: the streams of packages apiv2 and legacy. It proves nothing
// by itself, so src has to end in an error, not in io.EOF, if it is not what was
// announced; apiv2's FundFlow does. Memory stays bounded whatever the size. The
// caller closes the file, and src.
func Spool(src io.Reader, packed bool, opts ...Option) (*File, error) {
	return New(nil, opts...).keep(src, packed, io.Discard)
}

// keep copies body into a new file, and to h, while it is unpacked.
func (s *Service) keep(body io.Reader, packed bool, h io.Writer) (file *File, err error) {
	f, err := os.CreateTemp(s.dir, "wechat-bill-*")
	if err != nil {
		return nil, fmt.Errorf("bill: no room for the spool file: %w", err)
	}
	file = &File{f: f}
	defer func() {
		if err != nil {
			file.Close()
			file = nil
		}
	}()
	src := bufio.NewReaderSize(body, buffer)
	text, finish, err := unpack(src, packed)
	if err != nil {
		return file, err
	}
	if file.size, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(h, f)}, struct{ io.Reader }{io.LimitReader(text, s.maxSize+1)}, make([]byte, buffer)); err != nil {
		return file, broken(err, packed)
	}
	if file.size > s.maxSize {
		return file, ErrTooLarge
	}
	return file, finish()
}

const buffer = 64 << 10

// unpack returns the text in src and a check for what must not follow it.
func unpack(src *bufio.Reader, packed bool) (io.Reader, func() error, error) {
	if !packed {
		return src, func() error { return nil }, nil
	}
	z, err := gzip.NewReader(src)
	if err != nil {
		return nil, nil, broken(err, true)
	}
	z.Multistream(false) // a second member would be somebody else's
	return z, func() error {
		switch _, err := src.Peek(1); err {
		case io.EOF:
			return nil
		case nil:
			return ErrPacked
		default: // the end of the packed stream is where its own digest is told
			return fmt.Errorf("%w: %w", ErrPacked, err)
		}
	}, nil
}

func broken(err error, packed bool) error {
	if packed && (errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || isFlate(err)) {
		return fmt.Errorf("%w: %w", ErrPacked, err)
	}
	return fmt.Errorf("bill: the download ended early: %w", err)
}

func isFlate(err error) bool { return strings.HasPrefix(err.Error(), "flate:") }

// Size is the length of the unpacked bill in bytes.
func (f *File) Size() int64 { return f.size }

// Open returns the whole text from its start, the byte order mark included.
func (f *File) Open() io.Reader { return io.NewSectionReader(f.f, 0, f.size) }

// Close removes the spool file.
func (f *File) Close() error {
	err := f.f.Close()
	if rerr := os.Remove(f.f.Name()); rerr != nil && !errors.Is(rerr, os.ErrNotExist) && err == nil {
		err = rerr
	}
	return err
}
