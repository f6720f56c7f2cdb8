// Command awsprobe calls AWS as any program does that uses the AWS SDK with its defaults, for tests of roles.
//
//	awsprobe identity [--timeout 20s]   prints the ARN that AWS knows the caller by
//	awsprobe buckets [--timeout 20s]    prints the names of the account's S3 buckets, one a line
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const usage = "usage: awsprobe identity | buckets [--timeout 20s]"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "awsprobe:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	timeout := flags.Duration("timeout", 20*time.Second, "give up after this time")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	commands := map[string]func(context.Context, aws.Config) error{"identity": identity, "buckets": buckets}
	command, known := commands[arguments[0]]
	if !known || flags.NArg() != 0 {
		return errors.New(usage)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	// One attempt: a refusal is what a test may want to see.
	settings, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	if err != nil {
		return err
	}
	return command(ctx, settings)
}

func identity(ctx context.Context, settings aws.Config) error {
	answer, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	fmt.Println(aws.ToString(answer.Arn))
	return nil
}

func buckets(ctx context.Context, settings aws.Config) error {
	client := s3.NewFromConfig(settings, func(options *s3.Options) { options.UsePathStyle = true })
	answer, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	for _, bucket := range answer.Buckets {
		fmt.Println(aws.ToString(bucket.Name))
	}
	return nil
}
