package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/pion/sdp"
	"github.com/pion/stun"
)

func openSDP(read bool) (worker, error) {
	offer := []byte(os.Getenv("BENCH_OFFER"))
	var parsed sdp.SessionDescription
	if err := parsed.Unmarshal(offer); err != nil {
		return nil, err
	}
	if len(parsed.MediaDescriptions) != 3 {
		return nil, errors.New("the offer does not parse")
	}
	if read {
		return repeat(len(offer), func() {
			var s sdp.SessionDescription
			if s.Unmarshal(offer) != nil {
				panic("the offer does not parse")
			}
		}), nil
	}
	return repeat(len(offer), func() {
		if _, err := parsed.Marshal(); err != nil {
			panic(err)
		}
	}), nil
}

func openSTUN(read bool) (worker, error) {
	check, err := hex.DecodeString(os.Getenv("BENCH_CHECK"))
	if err != nil {
		return nil, err
	}
	key := stun.NewShortTermIntegrity(os.Getenv("BENCH_PASSWORD"))
	m := new(stun.Message)
	verify := func() error {
		m.Raw = append(m.Raw[:0], check...)
		if err := m.Decode(); err != nil {
			return err
		}
		if err := stun.Fingerprint.Check(m); err != nil {
			return err
		}
		return key.Check(m)
	}
	if err := verify(); err != nil {
		return nil, fmt.Errorf("it refuses the check: %w", err)
	}
	if read {
		return repeat(len(check), func() {
			if verify() != nil {
				panic("refused")
			}
		}), nil
	}
	answer := new(stun.Message)
	from := &stun.XORMappedAddress{IP: net.IPv4(192, 0, 2, 1).To4(), Port: 5000}
	id := stun.NewTransactionIDSetter(m.TransactionID)
	return repeat(len(check), func() {
		if answer.Build(id, stun.BindingSuccess, from, key, stun.Fingerprint) != nil {
			panic("no answer")
		}
	}), nil
}
