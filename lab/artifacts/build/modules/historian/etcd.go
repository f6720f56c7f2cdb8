package main

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// EtcdTarget is etcd as its own clients reach it: every member's client URL.
type EtcdTarget struct {
	Identity
	Endpoints []string `json:"endpoints"`
	Prefix    string   `json:"prefix"` // Of all keys.
}

// etcdClient is a client of all members: its reads are linearizable, as etcd's are unless asked otherwise.
type etcdClient struct {
	target EtcdTarget
	dialer *net.Dialer
	tls    *tls.Config
	client *clientv3.Client
}

const (
	// Not below 5 s: etcd drops clients that ping more often (--grpc-keepalive-min-time).
	keepaliveSeconds = 5
	keepaliveTimeout = 2
)

func newEtcdClient(target EtcdTarget, dialer *net.Dialer) (*etcdClient, error) {
	config, err := target.tls("")
	if err != nil {
		return nil, err
	}
	return &etcdClient{target: target, dialer: dialer, tls: config}, nil
}

func (c *etcdClient) Reconnect() {
	if c.client != nil {
		// Closing waits for streams that a dead member does not end.
		go c.client.Close()
		c.client = nil
	}
}

func (c *etcdClient) connected() (*clientv3.Client, error) {
	if c.client == nil {
		client, err := clientv3.New(clientv3.Config{
			Endpoints: c.target.Endpoints, TLS: c.tls, Logger: zap.NewNop(),
			DialKeepAliveTime: keepaliveSeconds * time.Second, DialKeepAliveTimeout: keepaliveTimeout * time.Second,
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(
				func(ctx context.Context, address string) (net.Conn, error) {
					return c.dialer.DialContext(ctx, "tcp", address)
				},
			)},
		})
		if err != nil {
			return nil, err
		}
		c.client = client
	}
	return c.client, nil
}

func (c *etcdClient) Read(ctx context.Context, key string) (string, error) {
	client, err := c.connected()
	if err != nil {
		return "", err
	}
	found, err := client.Get(ctx, c.target.Prefix+key)
	if err != nil || len(found.Kvs) == 0 {
		return "", err
	}
	return string(found.Kvs[0].Value), nil
}

func (c *etcdClient) Put(ctx context.Context, key, value string) error {
	client, err := c.connected()
	if err != nil {
		return err
	}
	_, err = client.Put(ctx, c.target.Prefix+key, value)
	return err
}

func (c *etcdClient) Swap(ctx context.Context, key, expected, value string) (bool, error) {
	client, err := c.connected()
	if err != nil {
		return false, err
	}
	name := c.target.Prefix + key
	condition := clientv3.Compare(clientv3.Value(name), "=", expected)
	if expected == "" {
		condition = clientv3.Compare(clientv3.CreateRevision(name), "=", 0)
	}
	answer, err := client.Txn(ctx).If(condition).Then(clientv3.OpPut(name, value)).Commit()
	if err != nil {
		return false, err
	}
	return answer.Succeeded, nil
}
