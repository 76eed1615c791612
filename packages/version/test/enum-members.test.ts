import { array, enumeration, LuoStruct, type StructClass, u8 } from "@luo/struct";
import { family, follows } from "@luo/version";
import { describe, expect, test } from "vitest";

enum Role {
  User,
  Admin,
}
enum Renamed {
  Member,
  Admin,
}
enum Exchanged {
  Admin,
  User,
}

@LuoStruct(0, { family: "account" })
class AccountV0 {
  @enumeration(u8, Role) role = Role.User;
  @array(enumeration(u8, Role), 1) roles = [Role.User];
}

describe("between versions, a number keeps its meaning", () => {
  test("renumbered members do not carry over: a function says what becomes of them", () => {
    @LuoStruct(1, { family: "account" })
    @follows(AccountV0)
    class AccountV1 {
      @enumeration(u8, Exchanged) role = Exchanged.User;
      @array(enumeration(u8, Exchanged), 1) roles = [Exchanged.User];
    }
    const account = family(AccountV1 as StructClass);
    expect(() => account.versions).toThrow(
      "AccountV1.role is u8{0=0,1=1} (Admin = 0, User = 1), but AccountV0.role is u8{0=0,1=1} (User = 0, Admin = 1); give @follows(AccountV0, { upgrade: { role: (from) => ... } })",
    );
  });

  test("renamed members do, and so do added ones", () => {
    @LuoStruct(0, { family: "member" })
    class MemberV0 {
      @enumeration(u8, Role) role = Role.Admin;
      @array(enumeration(u8, Role), 1) roles = [Role.Admin];
    }
    @LuoStruct(1, { family: "member" })
    @follows(MemberV0)
    class MemberV1 {
      @enumeration(u8, Renamed) role = Renamed.Member;
      @array(enumeration(u8, { ...Renamed, Root: 2 }), 1) roles = [Renamed.Member];
    }
    expect(family(MemberV1).convert(new MemberV0(), 1)).toEqual({ role: 1, roles: [1] });
  });
});
