"""What happens when something dies: processes killed, disks full."""
