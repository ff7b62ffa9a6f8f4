"""The storage network: what arrays show to whom, sessions and their lives, SCSI devices."""
