; The tile loop of a kernel by its sizes alone: the transfers of a tile and as many instructions as the
; executed kernel counts, so that tasklets meet at the issue slot and the DMA engine as they do there.
; The host sets registers: r0 tiles; r1 reads, r2 WRAM address and size, r3 MRAM address, r4 its step;
; r5 parts, r6, r7, r8 the same for the second operand, one transfer a part; r9 instructions of a part
; and r10 of the end, less those below; r11 writes, r12, r13, r14.
; Defines: READS, SECOND, WRITES: 1 where the tile has such transfers.
tile:
        .if READS
        move  r15, r1
read:   ldma  r2, r3, 0
        add   r3, r3, r4
        sub   r15, r15, 1, nz, read
        .endif
        move  r15, r5
part:
        .if SECOND
        ldma  r6, r7, 0
        add   r7, r7, r8
        .endif
        move  r16, r9
work:   sub   r16, r16, 1, nz, work
        sub   r15, r15, 1, nz, part
        move  r16, r10
rest:   sub   r16, r16, 1, nz, rest
        .if WRITES
        move  r15, r11
write:  sdma  r12, r13, 0
        add   r13, r13, r14
        sub   r15, r15, 1, nz, write
        .endif
        sub   r0, r0, 1, nz, tile
done:   stop  true, done
