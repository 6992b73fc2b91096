; T tasklets, each: BLOCKS (4 for the peer's figures) blocks of two 1,024-byte transfers followed by 1,024 multiply-accumulates of 7 instructions.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, BLOCKS
        lsl   r1, id, 11
        add   r1, r1, 4096
        lsl   r2, id, 20
        add   r2, r2, 524288
        add   r6, r1, 1024
blk:    ldma  r1, r2, 127
        add   r2, r2, 1024
        ldma  r6, r2, 127
        add   r2, r2, 1024
        or    r3, r1, 0
        or    r4, r6, 0
        move  r5, 1024
mac:    lbs   r8, r3, 0
        lbs   r9, r4, 0
        mul_sl_sl r10, r8, r9
        add   r7, r7, r10
        add   r3, r3, 1
        add   r4, r4, 1
        sub   r5, r5, 1, nz, mac
        sub   r0, r0, 1, nz, blk
end:    stop  true, end
