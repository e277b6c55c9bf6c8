"""Files that organisers bring: tables and pictures, looked at before anything is believed."""
